import type { Program } from './bundle.ts';

export declare function writeWindowsNode(
  from: string,
  to: string,
  options: { readonly program: Program; readonly version: string },
): Promise<void>;
