import type { Rule } from "../rule.ts";
import { dropletsInVpc } from "./dropletsInVpc.ts";
import { dropletsTagged } from "./dropletsTagged.ts";
import { firewallsByTag } from "./firewallsByTag.ts";
import { hostKeysPinned } from "./hostKeysPinned.ts";
import { newDropletFirst } from "./newDropletFirst.ts";
import { noSecretsInCommands } from "./noSecretsInCommands.ts";
import { noSecretsInUserData } from "./noSecretsInUserData.ts";
import { oddManagers } from "./oddManagers.ts";
import { onlyPublishedPortsOpen } from "./onlyPublishedPortsOpen.ts";
import { roomToExchangeManagers } from "./roomToExchangeManagers.ts";
import { sshNotFromEverywhere } from "./sshNotFromEverywhere.ts";
import { swarmPortsInsideOnly } from "./swarmPortsInsideOnly.ts";

/** All rules of the pack, in the order in which docs/policy.md has them. */
export const rules: readonly Rule[] = [
    onlyPublishedPortsOpen,
    sshNotFromEverywhere,
    swarmPortsInsideOnly,
    firewallsByTag,
    dropletsInVpc,
    dropletsTagged,
    hostKeysPinned,
    noSecretsInCommands,
    noSecretsInUserData,
    oddManagers,
    newDropletFirst,
    roomToExchangeManagers,
];
