/** The page's end of the comm: it speaks to the kernel over a subshell, which listens while a cell is running. */

import type { Comm, KernelConnection, Message } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import type { ToKernel } from "../protocol";

const PATIENCE_MS = 2_000; // then the kernel is told where its cells run, between two of them

/** A way to send to the kernel behind `comm`. */
export class Line {
  private subshell: string | null = null;
  private readonly ready: Promise<void>;

  constructor(
    private readonly kernel: KernelConnection,
    private readonly comm: Comm,
  ) {
    this.ready = this.find();
  }

  /** Send as soon as it is known how; what the kernel answers comes over the comm. */
  async send(data: ToKernel): Promise<void> {
    await this.ready;
    if (this.kernel.isDisposed) return;
    if (this.subshell === null) this.comm.send(data);
    else this.kernel.sendShellMessage(this.message("comm_msg", "shell", { comm_id: this.comm.commId, data }));
  }

  dispose(): void {
    if (this.subshell === null || this.kernel.isDisposed) return;
    this.kernel.sendControlMessage(this.message("delete_subshell_request", "control", { subshell_id: this.subshell }));
  }

  /** JupyterLab's own subshell, or ours: it offers none to a busy kernel, which has not told it what it can. */
  private async find(): Promise<void> {
    const { kernel } = this;
    if (kernel.supportsSubshells) return void (await Promise.race([this.comm.subshellStarted, waited()]));
    const isKnown = await Promise.race([kernel.info.then(() => true), waited(0)]);
    if (isKnown) return; // a kernel without subshells
    const request = this.message("create_subshell_request", "control", {});
    const made = kernel.sendControlMessage(request, true).done.then((reply) => {
      this.subshell = (reply.content as { subshell_id?: string }).subshell_id ?? null;
    });
    await Promise.race([made, kernel.info.then(() => waited())]);
  }

  private message(msg_type: string, channel: "shell" | "control", content: object): Message {
    const header = {
      msg_id: UUID.uuid4(), // the browser's own is there only over https
      msg_type,
      session: this.kernel.clientId,
      username: "",
      date: new Date().toISOString(),
      version: "5.2",
      ...(channel === "shell" && { subshell_id: this.subshell }),
    };
    return { header, parent_header: {}, metadata: {}, content, channel, buffers: [] };
  }
}

function waited(milliseconds = PATIENCE_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
