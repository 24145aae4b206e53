declare module "*.css" {
  const text: string;
  export default text;
}
declare module "katex-style" {
  const text: string;
  export default text;
}
