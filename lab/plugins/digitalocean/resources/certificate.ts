import type { Props } from "../../protocol/values.ts";
import type { Api } from "../api.ts";
import { deleteAt } from "../resource.ts";
import type { Description } from "../schema.ts";
import { waitFor } from "../wait.ts";

export interface ApiCertificate {
    id: string;
    name: string;
    not_after: string;
    sha1_fingerprint: string;
    dns_names: string[];
    state: string;
    type: string;
}

/** Seconds for Let's Encrypt to verify a certificate's domains. */
const VERIFIED_SECONDS = 600;

/**
 * https://docs.digitalocean.com/reference/api/digitalocean/#tag/Certificates
 *
 * The resource's ID is the name: the API's own changes with each renewal of a Let's Encrypt certificate.
 */
export const certificate: Description = {
    token: "digitalocean:index/certificate:Certificate",
    noun: "certificate",
    autoName: true,
    properties: {
        name: { required: true, replaces: true },
        type: { default: "custom", replaces: true },
        domains: { set: true, replaces: true },
        privateKey: { secret: true, replaces: true },
        leafCertificate: { replaces: true },
        certificateChain: { replaces: true },
        notAfter: { outputOnly: true },
        sha1Fingerprint: { outputOnly: true },
        state: { outputOnly: true },
        uuid: { outputOnly: true },
    },
    validate: ({ type, domains, privateKey, leafCertificate }: Props) => {
        if (type === "lets_encrypt") {
            return domains === undefined
                ? [["domains", "`domains` is required for when type is `lets_encrypt`"]]
                : [];
        }
        const needed = { privateKey, leafCertificate };
        return Object.entries(needed)
            .filter(([, value]) => value === undefined)
            .map(([name]) => [name, `\`${name}\` is required for when type is \`custom\` or empty`]);
    },
    async create({ inputs, exists }, api) {
        const body = {
            name: inputs.name,
            ...(inputs.domains && { dns_names: inputs.domains }),
            ...(inputs.privateKey && { private_key: inputs.privateKey }),
            ...(inputs.leafCertificate && { leaf_certificate: inputs.leafCertificate }),
            ...(inputs.certificateChain && { certificate_chain: inputs.certificateChain }),
            type: inputs.type,
        };
        const { id, name } = await api.post<ApiCertificate>("/v2/certificates", body, "certificate");
        exists(name);
        await waitFor<true>(api, `certificate ${name} to be verified`, VERIFIED_SECONDS, async () => {
            const { state } = await api.get<ApiCertificate>(`/v2/certificates/${id}`, "certificate");
            if (state === "error") {
                throw new Error(`certificate ${name} was not verified: the API says "error"`);
            }
            return state === "verified" ? { done: true } : { state };
        });
        return undefined;
    },
    async read(id, _state, api) {
        const found = await findCertificate(api, id);
        return (
            found && {
                name: found.name,
                type: found.type,
                uuid: found.id,
                state: found.state,
                notAfter: found.not_after,
                sha1Fingerprint: found.sha1_fingerprint,
                ...(found.type === "lets_encrypt" && { domains: found.dns_names }),
            }
        );
    },
    async delete({ id }, api) {
        const found = await findCertificate(api, id);
        if (found !== undefined) {
            await deleteAt(api, `/v2/certificates/${found.id}`);
        }
    },
};

export async function findCertificate(api: Api, name: string): Promise<ApiCertificate | undefined> {
    const path = `/v2/certificates?name=${encodeURIComponent(name)}`;
    const found = await api.get<ApiCertificate[]>(path, "certificates");
    return found.find((entry) => entry.name === name);
}
