import { closeSync, openSync, readSync } from 'node:fs';

const HEADER_BYTES = 20;
const MACHINE_OFFSET = 18;
/** e_machine of the architectures with executables, by its name in `process.arch` (elf.h). */
const machines: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };

/** The architecture of an ELF file, as `process.arch` names it; `other` if it has none of ours. Undefined if it is no ELF file. */
export function elfArchitecture(file: string): string | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header);
  } finally {
    closeSync(descriptor);
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  return machines[header.readUInt16LE(MACHINE_OFFSET)] ?? 'other';
}
