import { z } from "zod";
import type { Context } from "../context.ts";
import { unprocessable } from "../errors.ts";
import { type ById, pageOf, type Routes } from "../http.ts";
import { fingerprint } from "../sshKeys.ts";
import type { SshKey } from "../store.ts";
import { found, parseBody } from "../validation.ts";

const createSchema = z.object({ name: z.string().min(1), public_key: z.string() });
const updateSchema = z.object({ name: z.string().min(1) });

/** `/v2/account` and `/v2/account/keys`. */
export const accountRoutes: Routes = (app, context) => {
    const { store, settings, ids } = context;
    const uuid = ids.uuid();

    app.get("/v2/account", () => ({
        account: {
            droplet_limit: settings.dropletLimit,
            floating_ip_limit: 3,
            reserved_ip_limit: 3,
            volume_limit: 100,
            email: "lab@example.test",
            name: "Lab",
            uuid,
            email_verified: true,
            status: "active",
            status_message: "",
            team: { uuid, name: "Lab" },
        },
    }));

    app.get("/v2/account/keys", (request) => pageOf(request, "ssh_keys", store.keys.values(), keyView));

    app.post("/v2/account/keys", (request, reply) => {
        const body = parseBody(createSchema, request.body);
        const key: SshKey = {
            id: ids.next(),
            name: body.name,
            publicKey: body.public_key.trim(),
            fingerprint: fingerprint(body.public_key.trim()),
        };
        if (findKey(context, key.fingerprint) !== undefined) {
            // Service text.
            throw unprocessable("SSH Key is already in use on your account");
        }
        store.keys.set(key.id, key);
        return reply.code(201).send({ ssh_key: keyView(key) });
    });

    app.get<ById>("/v2/account/keys/:id", ({ params }) => ({
        ssh_key: keyView(found(findKey(context, params.id))),
    }));

    app.put<ById>("/v2/account/keys/:id", ({ params, body }) => {
        const key = found(findKey(context, params.id));
        key.name = parseBody(updateSchema, body).name;
        return { ssh_key: keyView(key) };
    });

    app.delete<ById>("/v2/account/keys/:id", ({ params }, reply) => {
        store.keys.delete(found(findKey(context, params.id)).id);
        return reply.code(204).send();
    });
};

/** By numeric ID or by fingerprint. */
export function findKey(context: Context, wanted: string | number): SshKey | undefined {
    return [...context.store.keys.values()].find(
        (key) => String(key.id) === String(wanted) || key.fingerprint === wanted,
    );
}

const keyView = (key: SshKey) => ({
    id: key.id,
    name: key.name,
    public_key: key.publicKey,
    fingerprint: key.fingerprint,
});
