export declare const REQUIRED_NODE: string;
/** True when `version` (as in `process.versions.node`) is at least REQUIRED_NODE. */
export declare function isSupportedNode(version: string): boolean;
/** Ends the process with a sentence and exit code 1 unless this Node is new enough. */
export declare function requireSupportedNode(program: string): void;
