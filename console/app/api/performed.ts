/** What an action returned, or that it waits for the approval of an admin. */
export type Performed<Data> =
  | { readonly isPending: false; readonly data: Data }
  | { readonly isPending: true; readonly data: undefined };
