import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { type Claim, claimKey } from "./claim.ts";

export interface DeployKeyArgs {
    /** Name of the key in the account. */
    readonly keyName: string;
    readonly claim: Claim;
}

/**
 * The key that Pulumi itself logs in with, made for this stack and kept in its state. The only key that droplets
 * are made with: keys of people come and go through the joins, since another list of keys replaces a droplet.
 */
export class DeployKey extends pulumi.ComponentResource {
    /** Private key in OpenSSH form; secret. */
    readonly privateKey: pulumi.Output<string>;
    /** Public key in authorized_keys form, without a line break. */
    readonly publicKey: pulumi.Output<string>;
    /** ID of the account's key, as `sshKeys` of a droplet takes it. */
    readonly id: pulumi.Output<string>;

    constructor(name: string, args: DeployKeyArgs, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:DeployKey", name, {}, opts);

        const key = new tls.PrivateKey(name, { algorithm: "ED25519" }, { parent: this });
        const accountKey = new digitalocean.SshKey(
            name,
            { name: args.keyName, publicKey: key.publicKeyOpenssh },
            {
                parent: this,
                // With a name given, the provider would delete first, and all droplets before it, since each is made
                // with this key. Two keys of an account may have one name.
                deleteBeforeReplace: false,
                hooks: { beforeCreate: [claimKey(args.claim, key.publicKeyOpenssh)] },
            },
        );

        this.privateKey = key.privateKeyOpenssh;
        this.publicKey = key.publicKeyOpenssh.apply((text) => text.trim());
        this.id = accountKey.id;
        this.registerOutputs({ publicKey: this.publicKey, id: this.id });
    }
}
