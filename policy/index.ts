import { PolicyPack } from "@pulumi/policy";
import { policyOf } from "./policyOf.ts";
import { rules } from "./rules/index.ts";

new PolicyPack("swarm", { policies: rules.map(policyOf) });
