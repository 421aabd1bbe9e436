/**
 * The XML parts of a Word or Excel file, unpacked within bounds: sizes are checked in the archive's directory before
 * anything is unpacked, and no part can unpack to more than its entry there says.
 */
import { type UnzipFileInfo, unzipSync, zipSync } from 'fflate';

export class ArchiveTooLarge extends Error {}
export class ArchiveEncrypted extends Error {}

const MAX_UNPACKED_BYTES = 96 * 1024 * 1024;
const MAX_PARTS = 10_000;

/**
 * Returns the checked parts as an uncompressed archive, without pictures, so that only checked bytes are read later.
 */
export function checkedArchive(bytes: Uint8Array, mainPart: string): Uint8Array<ArrayBuffer> {
  // Bit 0 of the first entry's flags (APPNOTE.TXT 4.4.4) means encrypted.
  if (((bytes[6] ?? 0) & 1) === 1) throw new ArchiveEncrypted();
  let unpacked = 0;
  let parts = 0;
  const files = unzipSync(bytes, {
    filter: ({ name, originalSize }: UnzipFileInfo) => {
      parts += 1;
      if (parts > MAX_PARTS) throw new ArchiveTooLarge(`it has more than ${MAX_PARTS} parts`);
      if (!/\.(?:xml|rels)$/i.test(name)) return false;
      unpacked += originalSize;
      if (unpacked > MAX_UNPACKED_BYTES)
        throw new ArchiveTooLarge(`unpacked it has more than ${MAX_UNPACKED_BYTES} bytes`);
      return true;
    },
  });
  if (!files[mainPart]) throw new Error(`${mainPart} is missing`);
  return zipSync(files, { level: 0 });
}
