import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

// Starts a server as soon as it is made; everything that can be tested without is beside it.
new PolicyPack("sav3-postgres", { policies });
