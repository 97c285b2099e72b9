import { Header } from "tar";

export interface ArchiveFile {
    /** Path without a leading slash. Missing directories are made by the engine on unpacking. */
    readonly path: string;
    readonly content: string;
    /** Permission bits; default 0o600, since seeds hold private keys. */
    readonly mode?: number;
}

const BLOCK = 512;

/**
 * A tar archive of small files, owned by root, for the engine's put-archive call. In memory and from
 * strings, so that no secret of a droplet ever lies in a file of the host.
 */
export function archive(files: readonly ArchiveFile[]): Buffer {
    const parts = files.flatMap((file) => {
        const content = Buffer.from(file.content, "utf8");
        const header = new Header({
            path: file.path,
            mode: file.mode ?? 0o600,
            uid: 0,
            gid: 0,
            size: content.length,
            mtime: new Date(0),
            type: "File",
            uname: "root",
            gname: "root",
        });
        header.encode();
        if (header.needPax || header.block === undefined)
            throw new Error(`Path "${file.path}" is too long for a tar header.`);
        const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
        return [header.block, content, padding];
    });
    // Two empty blocks end an archive.
    return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
