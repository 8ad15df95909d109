// The declarations of @electric-sql/pglite refer to those of Emscripten, WebAssembly and IndexedDB, and its package
// declares no dependency on them. They concern the internals of PGlite, which only examples/quickstart uses. Opaque
// types are enough to check everything else.

declare namespace WebAssembly {
  type Imports = object;
  type Instance = object;
  type Memory = object;
  /** An interface, because the declarations of esbuild extend it. */
  interface Module {
    readonly opaque?: never;
  }
}

declare namespace Emscripten {
  type FileSystemType = object;
}

type EmscriptenModule = object;

type IDBDatabase = object;

/** Not a global of Node: PGlite asks for its type. */
declare const FS: unknown;
