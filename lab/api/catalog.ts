/** Regions and droplet sizes on offer: a selection, with slugs and prices as DigitalOcean publishes them. */

export interface Size {
    readonly slug: string;
    /** MiB, as the API counts it. */
    readonly memory: number;
    readonly vcpus: number;
    /** GiB. */
    readonly disk: number;
    /** TiB a month. */
    readonly transfer: number;
    /** US dollars. */
    readonly priceMonthly: number;
    readonly description: string;
}

export const REGION_NAMES: Readonly<Record<string, string>> = {
    nyc1: "New York 1",
    nyc3: "New York 3",
    sfo3: "San Francisco 3",
    ams3: "Amsterdam 3",
    sgp1: "Singapore 1",
    lon1: "London 1",
    fra1: "Frankfurt 1",
    tor1: "Toronto 1",
    blr1: "Bangalore 1",
    syd1: "Sydney 1",
};

export const REGIONS: readonly string[] = Object.keys(REGION_NAMES);

const REGION_FEATURES = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];

type Row = readonly [
    slug: string,
    memory: number,
    vcpus: number,
    disk: number,
    transfer: number,
    price: number,
    description: string,
];

const ROWS: readonly Row[] = [
    ["s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4, "Basic"],
    ["s-1vcpu-1gb", 1024, 1, 25, 1, 6, "Basic"],
    ["s-1vcpu-1gb-amd", 1024, 1, 25, 1, 7, "Basic AMD"],
    ["s-1vcpu-1gb-intel", 1024, 1, 25, 1, 7, "Basic Intel"],
    ["s-1vcpu-2gb", 2048, 1, 50, 2, 12, "Basic"],
    ["s-2vcpu-2gb", 2048, 2, 60, 3, 18, "Basic"],
    ["s-2vcpu-4gb", 4096, 2, 80, 4, 24, "Basic"],
    ["s-4vcpu-8gb", 8192, 4, 160, 5, 48, "Basic"],
    ["s-8vcpu-16gb", 16384, 8, 320, 6, 96, "Basic"],
    ["c-2", 4096, 2, 25, 4, 42, "CPU-Optimized"],
    ["c-4", 8192, 4, 50, 5, 84, "CPU-Optimized"],
    ["g-2vcpu-8gb", 8192, 2, 25, 4, 63, "General Purpose"],
    ["m-2vcpu-16gb", 16384, 2, 50, 4, 84, "Memory-Optimized"],
    // Slugs of the service's early years. It has retired them; old notes and configurations still name them.
    ["512mb", 512, 1, 10, 0.5, 4, "Basic"],
    ["1gb", 1024, 1, 25, 1, 6, "Basic"],
    ["2gb", 2048, 2, 60, 3, 18, "Basic"],
    ["4gb", 4096, 2, 80, 4, 24, "Basic"],
];

export const SIZES: readonly Size[] = ROWS.map(
    ([slug, memory, vcpus, disk, transfer, priceMonthly, description]) => ({
        slug,
        memory,
        vcpus,
        disk,
        transfer,
        priceMonthly,
        description,
    }),
);

export const findSize = (slug: string) => SIZES.find((size) => size.slug === slug);

export function sizeView(size: Size) {
    return {
        slug: size.slug,
        memory: size.memory,
        vcpus: size.vcpus,
        disk: size.disk,
        transfer: size.transfer,
        price_monthly: size.priceMonthly,
        // A month is billed as 672 hours at most.
        price_hourly: Math.round((size.priceMonthly / 672) * 100_000) / 100_000,
        regions: REGIONS,
        available: true,
        description: size.description,
        disk_info: [{ type: "local", size: { amount: size.disk, unit: "gib" } }],
    };
}

export function regionView(slug: string) {
    return {
        name: REGION_NAMES[slug] ?? slug,
        slug,
        features: REGION_FEATURES,
        available: true,
        sizes: SIZES.map((size) => size.slug),
    };
}
