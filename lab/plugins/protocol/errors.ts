import { createRequire } from "node:module";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import type * as anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import { ResourceInitError } from "./provider.ts";
import { toStruct } from "./structs.ts";

const require = createRequire(import.meta.url);

/** A call to something this plugin does not have. */
export class UnimplementedError extends Error {}

/**
 * An error as the answer to a call. The official providers answer with code Unknown and their text; a resource
 * that exists although its operation failed goes along as a detail (parseError in the engine's
 * provider_plugin.go reads it).
 */
export function toServiceError(error: unknown): Partial<ServiceError> {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof UnimplementedError) {
        return { code: status.UNIMPLEMENTED, details: message };
    }
    if (error instanceof ResourceInitError) {
        return { code: status.UNKNOWN, details: message, metadata: initFailedDetails(error) };
    }
    return { code: status.UNKNOWN, details: message };
}

function initFailedDetails(error: ResourceInitError): Metadata {
    const { Any } = require("google-protobuf/google/protobuf/any_pb.js") as typeof anyMessages;
    const { Status } = require("@pulumi/pulumi/proto/status_pb.js") as typeof statusMessages;
    const failed = new messages.ErrorResourceInitFailed();
    failed.setId(error.id);
    failed.setProperties(toStruct(error.properties));
    failed.setInputs(toStruct(error.inputs));
    failed.setReasonsList([error.message]);
    const detail = new Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const rich = new Status();
    rich.setCode(status.UNKNOWN);
    rich.setMessage(error.message);
    rich.addDetails(detail);
    const metadata = new Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
    return metadata;
}
