import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { Props } from "./values.ts";

type Struct = InstanceType<typeof structs.Struct>;

/** Properties of a message that may be absent, as plain JSON. */
export function fromStruct(struct: Struct | undefined): Props {
    return (struct?.toJavaScript() as Props | undefined) ?? {};
}

/** Plain JSON as a message; members that are `undefined` are left out, which protobuf could not say. */
export function toStruct(props: Props): Struct {
    return structs.Struct.fromJavaScript(withoutUndefined(props) as Props);
}

function withoutUndefined(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map((element) => withoutUndefined(element ?? null));
    }
    if (typeof value === "object" && value !== null) {
        const entries = Object.entries(value).filter(([, member]) => member !== undefined);
        return Object.fromEntries(entries.map(([key, member]) => [key, withoutUndefined(member)]));
    }
    return value;
}
