// Plain JavaScript, because the types of resedit bring in those of browsers.
import { readFile, writeFile } from 'node:fs/promises';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';

/** English, and the code page of UTF-16 (learn.microsoft.com/windows/win32/menurc/versioninfo-resource). */
const LANGUAGE = { lang: 0x409, codepage: 1200 };
/** Icons, their groups, and the version: those of Node would say that this is Node. */
const REPLACED_TYPES = [3, 14, 16];

/**
 * Copies node.exe without its signature, which a program inside it would invalidate, and with the name and version of the
 * program that will be in it. The result can be signed.
 */
export async function writeWindowsNode(from, to, { program, version }) {
  const executable = NtExecutable.from(await readFile(from), { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);
  resources.entries = resources.entries.filter(({ type }) => !REPLACED_TYPES.includes(type));
  const [major, minor, patch] = version.split(/[.-]/).map(Number);
  const info = Resource.VersionInfo.createEmpty();
  info.lang = LANGUAGE.lang;
  info.setFileVersion(major, minor, patch, 0, LANGUAGE.lang);
  info.setProductVersion(major, minor, patch, 0, LANGUAGE.lang);
  info.setStringValues(LANGUAGE, {
    ProductName: 'Penstock',
    FileDescription: program === 'penstock-agent' ? 'Penstock agent' : 'Penstock gateway',
    FileVersion: version,
    ProductVersion: version,
    InternalName: program,
    OriginalFilename: `${program}.exe`,
    CompanyName: 'Penstock',
    LegalCopyright: 'Apache-2.0',
  });
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  await writeFile(to, Buffer.from(executable.generate()));
}
