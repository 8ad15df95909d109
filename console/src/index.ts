export { type ConsoleFile, type ConsoleFiles, openConsole, type WebConsole } from './open-console.ts';
export { ConsoleBuildError, SourceBuild } from './source-build.ts';
