/** The shapes that cross from Python, checked against `fastmode_magic/views/protocol.py` by a test. */

export const ANSWER_MIME = "application/vnd.fastmode.answer+json";
export const STATUS_MIME = "application/vnd.fastmode.status+json";
export const COMM_TARGET = "fastmode";

/** What a run is doing, or how it ended. */
export type Phase =
  | "asking"
  | "waiting"
  | "retrying"
  | "thinking"
  | "streaming"
  | "finished"
  | "interrupted"
  | "cut off"
  | "refused"
  | "failed";

/** One answer, live or saved. Every number that a person sees comes as words: nothing is computed in the page. */
export interface Answer {
  version: 1;
  run: string;
  phase: Phase;
  /** What it is doing or how it ended, in words; empty for an answer that simply ended. */
  words: string;
  text: string;
  thinking: string;
  model: string;
  /** The speed that was asked for: "fast" or "standard". */
  asked: string;
  /** The speed that served it, null while or if the service did not say. */
  speed: string | null;
  /** The badge: "fast", "standard, not fast: the fast quota is used up". */
  badge: string;
  /** Label and words of each fact, in order. */
  facts: [string, string][];
  /** Output tokens a second, sampled as it streamed. */
  rates: number[];
  notices: string[];
  background: boolean;
  /** ISO time of the question. */
  at: string | null;
}

/** One of the fast buckets as the last response reported it; it refills at `limit / 60` a second. */
export interface Gauge {
  name: "input" | "output" | "requests";
  limit: number;
  remaining: number;
  /** Seconds since it was reported, when this message was sent. */
  age_s: number;
}

/** What an answer like the last ones takes of the fast buckets, in tokens, and the requests that are left. */
export interface Usual {
  input_tokens: number;
  output_tokens: number;
  requests: Gauge | null;
}

/** The session: the content of application/vnd.fastmode.status+json and of the status bar. */
export interface Status {
  version: 1;
  state: "on" | "cooldown" | "off";
  /** Whether later cells ask for fast without saying so. */
  switched_on: boolean;
  why: string;
  /** Seconds of cooldown left when this message was sent. */
  cooldown_s: number | null;
  /** Runs under way. */
  running: number;
  badge: string;
  facts: [string, string][];
  rates: number[];
  /** null: the service, or a gateway before it, does not say. */
  quota: Gauge[] | null;
  /** null: no answer has ended yet, or fast is not asked for. */
  usual: Usual | null;
  /** ISO time of these numbers. */
  at: string;
}

/** More text at `at`, counted in UTF-16 units from the start. */
export interface Piece {
  at: number;
  text: string;
}

/** What the kernel sends while an answer streams: at most one a frame, with what has changed. */
export interface Frame {
  run: string;
  text?: Piece;
  thinking?: Piece;
  /** Facts that changed. */
  change?: Partial<Omit<Answer, "text" | "thinking">>;
  /** Everything so far, and its cell: heals what a page missed. */
  whole?: Answer;
  cell?: string;
}

/** An ended answer for a page that was not there when it ended: put `bundle` into the cell. */
export interface Late {
  run: string;
  cell: string;
  bundle: Record<string, unknown>;
}

/** New cells below `cell`, for the front end `to` that ran it; they are not run. */
export interface Insert {
  cell: string;
  to: string;
  sources: string[];
}

/** What the kernel sends. */
export interface ToPage {
  frame?: Frame;
  status?: Status;
  /** A run has ended, and its document is on its way to its cell. */
  ended?: string;
  late?: Late[];
  /** The running answers of a page that has just connected, by cell. */
  live?: { cell: string; whole: Answer }[];
  insert?: Insert;
  /** To a widget's view: what it sends is heard while the run goes on. */
  heard?: true;
}

/** What the page sends. */
export interface ToKernel {
  /** The lab extension, or a widget's view, is there. */
  hello?: true;
  /** The notebook with the document of an ended run has been saved: the kernel need not keep it. */
  placed?: string;
  stop?: string;
  fast?: boolean;
  /** A gap was seen, or a view came late. */
  want?: string;
}
