/** One block's tokens, by marked: without raw HTML, with formulas, and within bounds. */

import { Hooks, Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens, type TokensList } from "marked";
import { blockFormula, inlineFormula, withoutFormulas } from "./formula";

const DEEPEST = 16; // levels of quotes, lists, emphasis
const LARGEST_TABLE = 20_000; // cells; rows are filled up to the width of the header
// a quote that goes on without its sign is read again at each level: twice, four times, …
const MOST_READING = 2_000_000;
// the time for a paragraph grows with its length times the signs in it: 10 ns each at worst
const MOST_WORK = 5_000_000;
const WORDS = /[\w.!#$%&'*+/=?`{|}~-]+/g;
const SIGNS = /[!-/:-@[-`{-~]/g;

/** Definitions of links by label. */
export type Links = Record<string, { href: string | null; title: string | null | undefined }>;

class Inert extends Tokenizer {
  override html(): undefined {
    return undefined;
  }

  override tag(source: string): Tokens.Tag | undefined {
    const raw = source.startsWith("<") ? this.rules.inline.tag.exec(source)?.[0] : undefined;
    return raw ? { type: "html", raw, text: raw, inLink: false, inRawBlock: false, block: false } : undefined;
  }

  /** Text ends before a dollar; its entities are resolved when it is shown. */
  override inlineText(source: string): Tokens.Text | undefined {
    const dollar = source.indexOf("$", 1);
    const token = super.inlineText(dollar < 0 ? source : source.slice(0, dollar));
    return token && { ...token, text: token.raw };
  }

  override table(source: string): Tokens.Table | undefined {
    const [, , columns = "", rows = ""] = this.rules.block.table.exec(source) ?? [];
    return columns.split("|").length * rows.split("\n").length > LARGEST_TABLE ? undefined : super.table(source);
  }
}

class Bounded extends Lexer {
  private depth = 0;
  private reading = 0;
  private work = 0;

  override blockTokens(source: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(source: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(source: string, tokens: Token[] = [], clipped = false): Token[] {
    this.reading += source.length;
    if (this.reading > MOST_READING) throw new RangeError("too much to read again");
    if (this.depth >= DEEPEST) tokens.push(text(source));
    else this.deeper(() => super.blockTokens(source, tokens, clipped));
    return tokens;
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    this.work += effort(source);
    if (this.depth >= DEEPEST || this.work > MOST_WORK) tokens.push(text(source));
    else this.deeper(() => super.inlineTokens(source, tokens));
    return tokens;
  }

  private deeper(lex: () => void): void {
    this.depth++;
    lex();
    this.depth--;
  }
}

/** What the inline parse of a text may cost: where marked looks for an address it rereads each word before an `@`. */
function effort(source: string): number {
  const words = source.includes("@") ? (source.match(WORDS) ?? []) : [];
  const rereading = words.reduce((sum, { length }) => sum + length * length, 0);
  return source.length * (source.match(SIGNS)?.length ?? 0) + rereading;
}

function text(raw: string): Tokens.Text {
  return { type: "text", raw, text: raw, escaped: false };
}

const hooks = Object.assign(new Hooks(), { emStrongMask: withoutFormulas });

/** The tokens of a block; definitions in it are added to `links`. */
export function tokens(source: string, links: Links): Token[] {
  const options: MarkedOptions = {
    gfm: true,
    tokenizer: new Inert(),
    hooks,
    extensions: { renderers: {}, childTokens: {}, inline: [inlineFormula], block: [blockFormula] },
  };
  const lexer = new Bounded(options);
  lexer.tokens.links = links as typeof lexer.tokens.links;
  return lexer.lex(source);
}
