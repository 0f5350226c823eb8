export declare function announced(files: Map<string, Buffer>): {
  fdt: string;
  fdtSize: string;
  scratch: string;
  scratchSize: string;
};
