import { createHash } from "node:crypto";
import { z } from "zod";
import { unprocessable } from "../errors.ts";
import { type ById, pageOf, type Routes, urlOf } from "../http.ts";
import type { Certificate } from "../store.ts";
import { found, list, optional, parseBody } from "../validation.ts";

const NINETY_DAYS = 90 * 24 * 3600 * 1000;

const schema = z.object({
    name: z.string().min(1),
    type: optional(z.enum(["custom", "lets_encrypt"])),
    dns_names: list(z.string()),
    // Checked for being there and not kept: the lab serves nothing with them.
    private_key: optional(z.string()),
    leaf_certificate: optional(z.string()),
});

/** `/v2/certificates`. Nothing is signed: a certificate is a name here, verified by the next look at it. */
export const certificateRoutes: Routes = (app, { store, ids, now, clock }) => {
    app.get("/v2/certificates", (request) => {
        const name = urlOf(request).searchParams.get("name");
        const wanted = [...store.certificates.values()].filter((one) => name === null || one.name === name);
        return pageOf(request, "certificates", wanted, view);
    });

    app.post("/v2/certificates", (request, reply) => {
        const body = parseBody(schema, request.body);
        const type = body.type ?? "custom";
        if ([...store.certificates.values()].some((one) => one.name === body.name)) {
            throw unprocessable("Name has already been used");
        }
        if (type === "lets_encrypt" && body.dns_names.length === 0) {
            throw unprocessable("dns_names is required for a lets_encrypt certificate");
        }
        if (type === "custom" && (body.private_key === undefined || body.leaf_certificate === undefined)) {
            throw unprocessable("private_key and leaf_certificate are required for a custom certificate");
        }
        const id = ids.uuid();
        const certificate: Certificate = {
            id,
            name: body.name,
            type,
            dnsNames: body.dns_names,
            createdAt: now(),
            notAfter: `${new Date(clock() + NINETY_DAYS).toISOString().slice(0, 19)}Z`,
            sha1: createHash("sha1")
                .update(body.leaf_certificate ?? id)
                .digest("hex"),
            state: type === "custom" ? "verified" : "pending",
        };
        store.certificates.set(id, certificate);
        const answer = view(certificate);
        certificate.state = "verified";
        return reply.code(201).send({ certificate: answer });
    });

    app.get<ById>("/v2/certificates/:id", ({ params }) => ({
        certificate: view(found(store.certificates.get(params.id))),
    }));

    app.delete<ById>("/v2/certificates/:id", ({ params }, reply) => {
        store.certificates.delete(found(store.certificates.get(params.id)).id);
        return reply.code(204).send();
    });
};

const view = (certificate: Certificate) => ({
    id: certificate.id,
    name: certificate.name,
    not_after: certificate.notAfter,
    sha1_fingerprint: certificate.sha1,
    created_at: certificate.createdAt,
    dns_names: certificate.dnsNames,
    state: certificate.state,
    type: certificate.type,
});
