/** Characters: which of them a reader may see, and what an entity stands for. */

/** What moves a cursor, hides, or reorders a line; tab and newline stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The text without what would be shown as something else than it is. */
export function visible(text: string): string {
  return text.replace(UNSEEN, "");
}

const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z][A-Za-z\d]{1,9}));/g;

/** Those that models write, each with its sign; another one is shown as it was written. */
const PAIRS = `
amp& lt< gt> quot" apos' copy© reg® trade™ hellip… mdash— ndash– lsquo‘ rsquo’ ldquo“ rdquo” laquo«
raquo» bull• middot· deg° plusmn± times× divide÷ minus− microµ para¶ sect§ euro€ pound£ yen¥ cent¢
frac12½ frac14¼ frac34¾ sup2² sup3³ larr← uarr↑ rarr→ darr↓ harr↔ rArr⇒ lArr⇐ hArr⇔ le≤ ge≥ ne≠ asymp≈
equiv≡ infin∞ sum∑ prod∏ int∫ part∂ radic√ isin∈ cap∩ cup∪ sub⊂ sup⊃ alphaα betaβ gammaγ deltaδ epsilonε
thetaθ lambdaλ muμ piπ rhoρ sigmaσ tauτ phiφ chiχ psiψ omegaω GammaΓ DeltaΔ ThetaΘ LambdaΛ PiΠ SigmaΣ
PhiΦ PsiΨ OmegaΩ check✓ cross✗ star☆ hearts♥ lbrack[ rbrack] lbrace{ rbrace} lpar( rpar) ast* lowbar_
grave\` bsol\\ vert| num# dollar$ percnt% colon: semi; comma, period. sol/ excl! quest? equals= plus+
`;
const NAMED = new Map([["nbsp", "\u00a0"]]);
for (const pair of PAIRS.trim().split(/\s/)) NAMED.set(pair.slice(0, -1), pair.slice(-1));

/** The text with its entities resolved; what they hide is judged like any other character. */
export function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return visible(
    text.replace(ENTITY, (written, decimal?: string, hexadecimal?: string, name?: string) => {
      if (name) return NAMED.get(name) ?? written;
      const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal ?? "", 16);
      return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
        ? "\ufffd"
        : String.fromCodePoint(code);
    }),
  );
}
