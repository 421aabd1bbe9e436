/** Passes on the output of another process in whole lines, so that lines of several processes do not mix. */

const LINE_FEED = 10;
/** A longer line is passed on in parts, so that memory stays bounded. */
const MAX_LINE_BYTES = 1024 * 1024;

export interface LineRelay {
  push(chunk: Uint8Array): void;
  /** Passes on a last line without its line feed, which it gets here. */
  end(): void;
}

export function createLineRelay(write: (lines: Uint8Array) => void): LineRelay {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const takeBegun = (more: Uint8Array): Uint8Array => {
    if (begun.length === 0) return more;
    const whole = Buffer.concat([...begun, more]);
    begun = [];
    begunBytes = 0;
    return whole;
  };
  return {
    push(chunk) {
      const end = chunk.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) write(takeBegun(chunk.subarray(0, end)));
      if (end === chunk.length) return;
      begun.push(chunk.subarray(end));
      begunBytes += chunk.length - end;
      if (begunBytes > MAX_LINE_BYTES) write(takeBegun(Buffer.alloc(0)));
    },
    end() {
      if (begun.length > 0) write(takeBegun(Buffer.of(LINE_FEED)));
    },
  };
}
