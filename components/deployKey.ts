import * as digitalocean from "@pulumi/digitalocean";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { markOf } from "../model/stackNames.ts";
import { type Claim, claimKey } from "../remnants/claim.ts";

export interface AccountKeyArgs {
    /** Name of the key in the account. */
    readonly keyName: pulumi.Output<string>;
    readonly claim: Claim;
}

/**
 * The key that Pulumi itself logs in with, made for this stack and kept in its state, and the mark that is made of it.
 * The only key that droplets are made with: keys of people come and go through the joins, since another list of keys
 * replaces a droplet.
 */
export class DeployKey extends pulumi.ComponentResource {
    /** Private key in OpenSSH form; secret. */
    readonly privateKey: pulumi.Output<string>;
    /** Public key in authorized_keys form, without a line break. */
    readonly publicKey: pulumi.Output<string>;
    /**
     * The stack's mark, see `markOf`: that of its first key, and the same from then on, whatever becomes of that. Unknown
     * in a preview before there is a key.
     */
    readonly mark: pulumi.Output<string>;
    readonly #name: string;
    readonly #key: tls.PrivateKey;

    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("swarm:index:DeployKey", name, {}, opts);
        this.#name = name;
        const key = new tls.PrivateKey(name, { algorithm: "ED25519" }, { parent: this });
        this.#key = key;
        this.privateKey = key.privateKeyOpenssh;
        this.publicKey = key.publicKeyOpenssh.apply((text: string | undefined) => {
            if (text !== undefined) return text.trim();
            throw new pulumi.RunError(
                "all names of the stack's things begin with its deploy key, which an up with these targets does not make; add: " +
                    "--target '**::deploy'",
            );
        });
        const now = this.publicKey.apply(markOf);
        const kept = new pulumi.Stash("mark", { input: now }, { parent: this });
        // An up with --target makes no stash.
        this.mark = pulumi.all([kept.output, now]).apply(([first, mark]): string => first ?? mark);
        this.registerOutputs({ publicKey: this.publicKey, mark: this.mark });
    }

    /**
     * Puts it into the account, for droplets to be made with it.
     *
     * @returns ID of the account's key, as `sshKeys` of a droplet takes it.
     */
    inAccount({ keyName, claim }: AccountKeyArgs): pulumi.Output<string> {
        return new digitalocean.SshKey(
            this.#name,
            { name: keyName, publicKey: this.#key.publicKeyOpenssh },
            {
                parent: this,
                // With a name given, the provider would delete first, and all droplets before it, since each is made
                // with this key. Two keys of an account may have one name.
                deleteBeforeReplace: false,
                hooks: { beforeCreate: [claimKey(claim, this.publicKey)] },
            },
        ).id;
    }
}
