import type { Description } from "../schema.ts";

interface ApiKey {
    id: number;
    name: string;
    fingerprint: string;
    public_key: string;
}

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/SSH-Keys */
export const sshKey: Description = {
    token: "digitalocean:index/sshKey:SshKey",
    noun: "SSH key",
    autoName: true,
    properties: {
        name: { required: true },
        // The API drops the newline that tls.PrivateKey ends its public key with.
        publicKey: { required: true, replaces: true, stored: (value) => String(value).trim() },
        fingerprint: { outputOnly: true },
    },
    async create({ inputs, exists }, api) {
        const body = { name: inputs.name, public_key: inputs.publicKey };
        const key = await api.post<ApiKey>("/v2/account/keys", body, "ssh_key");
        exists(String(key.id));
        return undefined;
    },
    async read(id, _state, api) {
        const key = await api.find<ApiKey>(`/v2/account/keys/${id}`, "ssh_key");
        return key && { name: key.name, publicKey: key.public_key.trim(), fingerprint: key.fingerprint };
    },
    async update({ id, inputs }, api) {
        await api.request("PUT", `/v2/account/keys/${id}`, { name: inputs.name });
    },
    async delete({ id }, api) {
        await api.request("DELETE", `/v2/account/keys/${id}`);
    },
};
