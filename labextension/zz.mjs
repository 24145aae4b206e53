import { marked } from "marked"; import fs from "node:fs";
marked.setOptions({gfm:true});
const r=[];
for (const [k,v] of JSON.parse(fs.readFileSync("/tmp/w/patterns.json"))) { const t=performance.now(); marked.parse(v); r.push([performance.now()-t,k,v.length, v.slice(0,40)]); }
r.sort((a,b)=>b[0]-a[0]); for (const x of r.slice(0,25)) console.log(JSON.stringify(x));
