import java.io.StringReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/** JDBC through a pooler: a prepared statement, a transaction, a COPY. Prints one line for each. */
public class Through {
  public static void main(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection(System.getenv("JDBC_URI"))) {
      // From the fifth execution on the driver uses a statement that it named on the server.
      try (PreparedStatement statement = connection.prepareStatement("select ?::int + 1")) {
        for (int n = 0; n < 20; n++) {
          statement.setInt(1, n);
          try (ResultSet rows = statement.executeQuery()) {
            rows.next();
            check(rows.getInt(1) == n + 1);
          }
        }
        check(statement.unwrap(org.postgresql.PGStatement.class).isUseServerPrepare());
      }
      System.out.println("prepared 20");

      try (Statement statement = connection.createStatement()) {
        statement.execute("create table if not exists from_jdbc (n int primary key)");
        connection.setAutoCommit(false);
        statement.execute("insert into from_jdbc values (1)");
        try {
          statement.execute("insert into from_jdbc values (1)");
          check(false);
        } catch (SQLException expected) {
          check("23505".equals(expected.getSQLState()));
          connection.rollback();
        }
        statement.execute("insert into from_jdbc values (2)");
        connection.commit();
        connection.setAutoCommit(true);
        System.out.println("transaction " + number(statement, "select sum(n) from from_jdbc"));

        StringBuilder lines = new StringBuilder();
        for (int n = 1000; n < 2000; n++) lines.append(n).append('\n');
        long copied =
            connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("copy from_jdbc from stdin", new StringReader(lines.toString()));
        check(copied == number(statement, "select count(*) from from_jdbc where n >= 1000"));
        System.out.println("copy " + copied);
      }
    }
  }

  private static long number(Statement statement, String question) throws SQLException {
    try (ResultSet rows = statement.executeQuery(question)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void check(boolean good) {
    if (!good) throw new IllegalStateException("not as expected");
  }
}
