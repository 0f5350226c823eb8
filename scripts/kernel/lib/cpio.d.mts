export declare function writeCpio(
  entries: {
    name: string;
    mode?: number;
    content?: Uint8Array | string;
    folder?: boolean;
    device?: [number, number];
  }[],
): Buffer;
