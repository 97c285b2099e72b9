/**
 * Container image references, and the slugs and IDs of droplet images.
 */

/*
 * The grammar of references is the distribution project's (github.com/distribution/reference): a registry with an
 * optional port, a path in lower case, a tag, a digest. The first component is a registry only when it has a dot or
 * a port or is "localhost"; for checking that makes no difference.
 */
const HOST =
    /(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/;
const COMPONENT = /[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*/;
const TAG = /\w[\w.-]{0,127}/;
const DIGEST = /sha256:[a-f0-9]{64}/;
const REFERENCE = new RegExp(
    `^(?:${HOST.source}/)?(?<path>${COMPONENT.source}(?:/${COMPONENT.source})*)` +
        `(?::${TAG.source})?(?:@${DIGEST.source})?$`,
);

/** Longest name of a repository, its registry left out. */
const MAX_PATH = 255;

export const REFERENCE_ALLOWED =
    'an image reference such as "nginx", "nginx:1.29" or "registry.example.com:5000/team/app:2@sha256:…", ' +
    "its name in lower case";

/** Whether Docker would take `text` for the name of an image to pull. */
export function isImageReference(text: string): boolean {
    const path = REFERENCE.exec(text)?.groups?.path;
    // 64 hexadecimal digits are an image's ID, which means something on one node only.
    return path !== undefined && path.length <= MAX_PATH && !/^[a-f0-9]{64}$/.test(text);
}

export const DROPLET_IMAGE_ALLOWED =
    'the numeric ID of an image or snapshot such as 18153887, or a slug such as "docker-22-04"';

/** Slugs of DigitalOcean's images, sizes and regions: lower-case letters, digits, dots, hyphens, underscores. */
export function isSlug(text: string): boolean {
    return /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/.test(text);
}
