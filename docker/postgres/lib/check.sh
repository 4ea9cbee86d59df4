# Would PostgreSQL start with the files that are in the config volume? Asks without touching the running server.
# shellcheck shell=bash

readonly FINDINGS=/tmp/sav3-findings

# What was wrong, as one line.
findings() {
  paste -sd ';' "$FINDINGS" | sed 's/;/; /g'
}

# check_files: true when nothing is wrong. Otherwise `findings` tells.
check_files() {
  : >"$FINDINGS"
  check_parse >>"$FINDINGS"
  # Every further check reads settings, which needs a file that parses.
  [[ -s $FINDINGS ]] && return 1
  check_libraries >>"$FINDINGS"
  check_certificate >>"$FINDINGS"
  [[ ! -s $FINDINGS ]]
}

# For starts. The files of a container that was replaced are there before its new ones, which may be coming in at this
# very moment: what is wrong has to be so twice.
refuse_bad_files() {
  check_files && return
  say "looking at the files once more: $(findings)"
  run sleep 2
  check_files || refuse "$EXIT_BAD_SETTINGS" "$(findings)"
}

# PostgreSQL's own check: parses the file, and asks the kernel for the shared memory and semaphores of the settings.
# It wants a data directory that no server uses, with the folder that LISTEN empties. ALTER SYSTEM's file counts too.
check_parse() {
  local scratch
  scratch=$(mktemp -d)
  postgres --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/' >"$scratch/PG_VERSION"
  mkdir "$scratch/pg_notify"
  cp "$DATA/postgresql.auto.conf" "$scratch" 2>/dev/null || true
  env -u PGDATA postgres --check -c config_file="$CONFIG/postgresql.conf" -c data_directory="$scratch" \
    -c log_line_prefix= -c logging_collector=off -c log_destination=stderr -c log_min_messages=warning \
    >"$scratch/output" 2>&1 ||
    grep -v 'skipping missing configuration file' "$scratch/output" ||
    echo 'PostgreSQL refuses these settings without a reason'
  rm -rf "$scratch"
}

check_libraries() {
  local folder library
  folder=$(pg_config --pkglibdir)
  for library in $(setting shared_preload_libraries | tr -d "\"' " | tr , ' '); do
    [[ $library == */* || -e $folder/$library.so ]] ||
      printf 'shared_preload_libraries: "%s" is not in this image\n' "$library"
  done
}

# PostgreSQL keeps the old certificate, silently for everyone but its log, when the new one cannot be used.
check_certificate() {
  local certificate key authority revocations
  [[ $(setting ssl) == on ]] || return 0
  certificate=$(setting ssl_cert_file)
  key=$(setting ssl_key_file)
  authority=$(setting ssl_ca_file)
  revocations=$(setting ssl_crl_file)
  if [[ $(openssl x509 -in "$certificate" -noout -pubkey 2>/dev/null || echo unreadable certificate) != \
    $(openssl pkey -in "$key" -pubout 2>/dev/null || echo unreadable key) ]]; then
    printf '%s does not belong to %s, or one of them cannot be read\n' "$certificate" "$key"
  fi
  if [[ -n $authority ]] && ! openssl x509 -in "$authority" -noout 2>/dev/null; then
    printf '%s holds no certificate\n' "$authority"
  fi
  if [[ -n $revocations ]] && ! openssl crl -in "$revocations" -noout 2>/dev/null; then
    printf '%s holds no revocation list\n' "$revocations"
  fi
}
