/** One thing that an installation does. Steps are made from the state of the host: what is right already has none. */
export type Step = {
  /** What it does, as an imperative: `write /etc/…`. */
  readonly title: string;
  /** Text to show with it: the content of a file. */
  readonly content?: string;
  /** Throws if it does not work. */
  readonly run: () => void;
};
