import { ofType, type Rule, shown, types, UNKNOWN, type Violation } from "../rule.ts";

export const dropletsInVpc: Rule = {
    name: "droplets-in-vpc",
    description: "Droplets are in the stack's own VPC.",
    level: "mandatory",
    resource: {
        types: [types.droplet],
        check: ({ name, properties: { vpcUuid } }) =>
            vpcUuid === UNKNOWN || (typeof vpcUuid === "string" && vpcUuid !== "")
                ? []
                : [
                      `droplet "${name}" has vpcUuid ${shown(vpcUuid)}: it would come into the region's default ` +
                          "network, among all other droplets of the account, where the swarm would have its gossip " +
                          "and its overlay networks. Allowed: the ID of the stack's VPC",
                  ],
    },
    stack: (resources) => {
        const vpcs = ofType(resources, types.vpc);
        return ofType(resources, types.droplet).flatMap((droplet): Violation[] => {
            const { vpcUuid } = droplet.properties;
            const fromOwn = droplet.madeFrom.vpcUuid?.some(({ type }) => type === types.vpc);
            const isOwn = vpcs.some(({ properties: { id } }) => typeof id === "string" && id === vpcUuid);
            return fromOwn || isOwn || vpcUuid === undefined
                ? []
                : [
                      {
                          urn: droplet.urn,
                          text:
                              `droplet "${droplet.name}" has vpcUuid ${shown(vpcUuid)}, which is no VPC of this ` +
                              "stack: nodes in two networks do not reach one another. Allowed: the ID of " +
                              (vpcs.map(({ name }) => `VPC "${name}"`).join(", ") ||
                                  "a VPC that the stack makes"),
                      },
                  ];
        });
    },
};
