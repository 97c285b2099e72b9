import type {
    ServerUnaryCall,
    sendUnaryData,
    UntypedHandleCall,
    UntypedServiceImplementation,
} from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";
import type { ChangeKind, DiffResult } from "./diff.ts";
import { toServiceError, UnimplementedError } from "./errors.ts";
import type { Operations } from "./operations.ts";
import type { CheckFailure, Provider, ResourceType } from "./provider.ts";
import { fromStruct, toStruct } from "./structs.ts";
import { unwrapProps } from "./values.ts";

type Call<Request> = ServerUnaryCall<Request, unknown>;
type M = typeof messages;
type Message<Name extends keyof M> = M[Name] extends abstract new (...args: never) => infer I ? I : never;

/**
 * The calls of `pulumirpc.ResourceProvider` (engine 3.259.0), answered by a provider. A call without an
 * entry here, such as GetSchema or Construct, is answered Unimplemented by the server, which the engine takes
 * as "has none".
 */
export function providerService(provider: Provider, operations: Operations): UntypedServiceImplementation {
    function resourceType(urn: string): ResourceType {
        // urn:pulumi:<stack>::<project>::<parent type$type>::<name>
        const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
        const found = provider.resources[token];
        if (found === undefined) {
            throw new UnimplementedError(
                `The lab's ${provider.name} plugin has no resource type "${token}"; ` +
                    `it has ${Object.keys(provider.resources).join(", ")}`,
            );
        }
        return found;
    }

    return {
        handshake: answer(async (call: Call<Message<"ProviderHandshakeRequest">>) => {
            operations.engineAddress = call.request.getEngineAddress();
            const response = new messages.ProviderHandshakeResponse();
            response.setAcceptSecrets(true);
            return response;
        }),
        attach: answer(async (call: Call<InstanceType<typeof plugin.PluginAttach>>) => {
            operations.engineAddress = call.request.getAddress();
            return new empties.Empty();
        }),
        getPluginInfo: answer(async () => {
            const info = new plugin.PluginInfo();
            info.setVersion(provider.version);
            return info;
        }),
        cancel: answer(async () => {
            operations.cancel();
            return new empties.Empty();
        }),
        checkConfig: answer(async (call: Call<Message<"CheckRequest">>) => {
            const response = new messages.CheckResponse();
            response.setInputs(call.request.getNews());
            return response;
        }),
        diffConfig: answer(async (call: Call<Message<"DiffRequest">>) => {
            // A provider's configuration says how to reach the API; another way there replaces no resource.
            const same =
                JSON.stringify(fromStruct(call.request.getOldInputs())) ===
                JSON.stringify(fromStruct(call.request.getNews()));
            const response = new messages.DiffResponse();
            response.setChanges(
                same
                    ? messages.DiffResponse.DiffChanges.DIFF_NONE
                    : messages.DiffResponse.DiffChanges.DIFF_SOME,
            );
            return response;
        }),
        configure: answer(async (call: Call<Message<"ConfigureRequest">>) => {
            await provider.configure?.(unwrapProps(fromStruct(call.request.getArgs())));
            const response = new messages.ConfigureResponse();
            response.setAcceptsecrets(true);
            response.setSupportspreview(true);
            return response;
        }),
        invoke: answer(async (call: Call<Message<"InvokeRequest">>) => {
            const token = call.request.getTok();
            const run = provider.functions[token];
            if (run === undefined) {
                throw new UnimplementedError(
                    `The lab's ${provider.name} plugin has no function "${token}"; ` +
                        `it has ${Object.keys(provider.functions).join(", ")}`,
                );
            }
            const args = unwrapProps(fromStruct(call.request.getArgs()));
            const result = await operations.run(call, { urn: "" }, (context) => run(args, context));
            const response = new messages.InvokeResponse();
            response.setReturn(toStruct(result));
            return response;
        }),
        check: answer(async (call: Call<Message<"CheckRequest">>) => {
            const { request } = call;
            const urn = request.getUrn();
            const result = await operations.run(call, { urn }, async (context) =>
                resourceType(urn).check(
                    {
                        olds: fromStruct(request.getOlds()),
                        news: fromStruct(request.getNews()),
                        randomSeed: request.getRandomseed_asU8(),
                    },
                    context,
                ),
            );
            const response = new messages.CheckResponse();
            response.setInputs(toStruct(result.inputs));
            response.setFailuresList(result.failures.map(checkFailure));
            return response;
        }),
        diff: answer(async (call: Call<Message<"DiffRequest">>) => {
            const { request } = call;
            const urn = request.getUrn();
            const result = await operations.run(call, { urn }, async (context) =>
                resourceType(urn).diff(
                    {
                        id: request.getId(),
                        olds: fromStruct(request.getOlds()),
                        oldInputs: fromStruct(request.getOldInputs()),
                        news: fromStruct(request.getNews()),
                        ignoreChanges: request.getIgnorechangesList(),
                    },
                    context,
                ),
            );
            return diffResponse(result);
        }),
        create: answer(async (call: Call<Message<"CreateRequest">>) => {
            const { request } = call;
            const about = {
                urn: request.getUrn(),
                timeoutSeconds: request.getTimeout(),
                preview: request.getPreview(),
            };
            const created = await operations.run(call, about, (context) =>
                resourceType(about.urn).create(fromStruct(request.getProperties()), context),
            );
            const response = new messages.CreateResponse();
            response.setId(about.preview ? "" : created.id);
            response.setProperties(toStruct(created.properties));
            return response;
        }),
        read: answer(async (call: Call<Message<"ReadRequest">>) => {
            const { request } = call;
            const urn = request.getUrn();
            const found = await operations.run(
                call,
                { urn, timeoutSeconds: request.getTimeout() },
                (context) =>
                    resourceType(urn).read(
                        {
                            id: request.getId(),
                            properties: fromStruct(request.getProperties()),
                            inputs: fromStruct(request.getInputs()),
                        },
                        context,
                    ),
            );
            const response = new messages.ReadResponse();
            if (found !== undefined) {
                response.setId(found.id);
                response.setProperties(toStruct(found.properties));
                response.setInputs(toStruct(found.inputs));
            }
            return response;
        }),
        update: answer(async (call: Call<Message<"UpdateRequest">>) => {
            const { request } = call;
            const about = {
                urn: request.getUrn(),
                timeoutSeconds: request.getTimeout(),
                preview: request.getPreview(),
            };
            const properties = await operations.run(call, about, (context) =>
                resourceType(about.urn).update(
                    {
                        id: request.getId(),
                        olds: fromStruct(request.getOlds()),
                        oldInputs: fromStruct(request.getOldInputs()),
                        news: fromStruct(request.getNews()),
                    },
                    context,
                ),
            );
            const response = new messages.UpdateResponse();
            response.setProperties(toStruct(properties));
            return response;
        }),
        delete: answer(async (call: Call<Message<"DeleteRequest">>) => {
            const { request } = call;
            const about = { urn: request.getUrn(), timeoutSeconds: request.getTimeout() };
            await operations.run(call, about, (context) =>
                resourceType(about.urn).delete(
                    {
                        id: request.getId(),
                        properties: fromStruct(request.getProperties()),
                        inputs: fromStruct(request.getOldInputs()),
                    },
                    context,
                ),
            );
            return new empties.Empty();
        }),
    };
}

/** Turns an async function into a call's handler; whatever it throws becomes the call's error. */
function answer<Request, Response>(handler: (call: Call<Request>) => Promise<Response>): UntypedHandleCall {
    return ((call: Call<Request>, callback: sendUnaryData<Response>) => {
        handler(call).then(
            (response) => callback(null, response),
            (error) => callback(toServiceError(error)),
        );
    }) as UntypedHandleCall;
}

function checkFailure({ property, reason }: CheckFailure): Message<"CheckFailure"> {
    const failure = new messages.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
}

function diffResponse(result: DiffResult): Message<"DiffResponse"> {
    const { DiffChanges } = messages.DiffResponse;
    const response = new messages.DiffResponse();
    const changed = result.diffs.length > 0 || result.replaces.length > 0;
    response.setChanges(changed ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
    response.setDiffsList(result.diffs);
    response.setReplacesList(result.replaces);
    response.setStablesList(result.stables);
    response.setDeletebeforereplace(result.deleteBeforeReplace);
    response.setHasdetaileddiff(true);
    const detailed = response.getDetaileddiffMap();
    for (const [path, kind] of Object.entries(result.detailedDiff)) {
        const entry = new messages.PropertyDiff();
        entry.setKind(KINDS[kind]);
        detailed.set(path, entry);
    }
    return response;
}

/** The numbers of `pulumirpc.PropertyDiff.Kind`. */
const KINDS: Record<ChangeKind, 0 | 1 | 2 | 3 | 4 | 5> = {
    ADD: 0,
    ADD_REPLACE: 1,
    DELETE: 2,
    DELETE_REPLACE: 3,
    UPDATE: 4,
    UPDATE_REPLACE: 5,
};
