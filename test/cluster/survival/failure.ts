/** What a client noticed, and when: milliseconds on the monotonic clock. */
export type Failure = { readonly at: number; readonly client: string; readonly error: string };
