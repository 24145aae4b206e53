/** What this extension uses of JupyterLab 4.4 and Notebook 7.4, by hand: the real types weigh 355 MB. */

declare module "@lumino/coreutils" {
  export class Token<T> {
    readonly name: string;
    private readonly _type: T;
  }
  export const UUID: { uuid4(): string };
}

declare module "@lumino/widgets" {
  export class Widget {
    constructor(options?: { node?: HTMLElement });
    readonly node: HTMLElement;
    readonly isDisposed: boolean;
    id: string;
    hide(): void;
    show(): void;
    addClass(name: string): void;
    dispose(): void;
  }
}

declare module "@jupyterlab/application" {
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  export interface JupyterFrontEnd {
    readonly commands: CommandRegistry;
    readonly shell: { add(widget: Widget, area?: string, options?: { rank?: number }): void };
  }
  export interface CommandRegistry {
    addCommand(
      id: string,
      options: {
        label: string | (() => string);
        caption?: string;
        isEnabled?: () => boolean;
        isToggled?: () => boolean;
        isToggleable?: boolean;
        execute: () => unknown;
      },
    ): void;
    execute(id: string, args?: object): Promise<unknown>;
  }
  export interface JupyterFrontEndPlugin<T> {
    id: string;
    description?: string;
    autoStart?: boolean;
    requires?: Token<unknown>[];
    optional?: Token<unknown>[];
    // biome-ignore lint/suspicious/noExplicitAny: each service has a type of its own
    activate: (app: JupyterFrontEnd, ...services: any[]) => T;
  }
}

declare module "@jupyterlab/apputils" {
  import type { Token } from "@lumino/coreutils";

  export interface ICommandPalette {
    addItem(item: { command: string; category: string }): void;
  }
  export const ICommandPalette: Token<ICommandPalette>;
}

declare module "@jupyterlab/statusbar" {
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  export interface IStatusBar {
    registerStatusItem(
      id: string,
      item: {
        item: Widget;
        align?: "left" | "right" | "middle";
        rank?: number;
        isActive?: () => boolean;
        activeStateChanged?: import("@jupyterlab/services").Signal<unknown>;
      },
    ): void;
  }
  export const IStatusBar: Token<IStatusBar>;
}

declare module "@jupyterlab/rendermime" {
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  export interface MimeModel {
    readonly data: Record<string, unknown>;
    readonly metadata: Record<string, unknown>;
  }
  export interface Renderer extends Widget {
    renderModel(model: MimeModel): Promise<void>;
  }
  export interface IRenderMimeRegistry {
    addFactory(
      factory: {
        safe: boolean;
        mimeTypes: readonly string[];
        defaultRank?: number;
        createRenderer(options: { mimeType: string }): Renderer;
      },
      rank?: number,
    ): void;
  }
  export const IRenderMimeRegistry: Token<IRenderMimeRegistry>;
}

declare module "@jupyterlab/services" {
  export interface Signal<A, S = unknown> {
    connect(slot: (sender: S, args: A) => void): boolean;
    disconnect(slot: (sender: S, args: A) => void): boolean;
  }
  export interface Comm {
    readonly commId: string;
    readonly subshellStarted?: Promise<void>;
    onMsg: (message: { content: { data: unknown } }) => void;
    onClose: () => void;
    send(data: unknown): unknown;
  }
  export interface Message {
    readonly header: { readonly msg_type: string };
    readonly parent_header: object;
    readonly metadata: object;
    readonly content: unknown;
    readonly channel: string;
    readonly buffers: unknown[];
  }
  export interface KernelConnection {
    readonly id: string;
    readonly clientId: string;
    readonly status: string;
    readonly isDisposed: boolean;
    readonly info: Promise<unknown>;
    readonly handleComms: boolean;
    readonly supportsSubshells?: boolean;
    readonly statusChanged: Signal<string>;
    readonly iopubMessage: Signal<Message>;
    readonly disposed: Signal<void>;
    registerCommTarget(target: string, open: (comm: Comm, message: unknown) => void): void;
    removeCommTarget(target: string, open: (comm: Comm, message: unknown) => void): void;
    requestCommInfo(content: { target_name: string }): Promise<{
      content: { status: string; comms?: Record<string, unknown> };
    }>;
    hasComm(id: string): boolean;
    createComm(target: string, id: string): Comm;
    sendShellMessage(message: Message, expectReply?: boolean): unknown;
    sendControlMessage(message: Message, expectReply?: boolean): { readonly done: Promise<Message> };
    interrupt(): Promise<void>;
    readonly clientId: string;
  }
}

declare module "@jupyterlab/notebook" {
  import type { MimeModel } from "@jupyterlab/rendermime";
  import type { KernelConnection, Signal } from "@jupyterlab/services";
  import type { Token } from "@lumino/coreutils";
  import type { Widget } from "@lumino/widgets";

  export interface OutputModel extends MimeModel {
    readonly type: string;
    toJSON(): Output;
  }
  export interface Output {
    output_type: string;
    data?: Record<string, unknown>;
    metadata?: Record<string, unknown>;
    execution_count?: number | null;
  }
  export interface Outputs {
    readonly length: number;
    get(index: number): OutputModel;
    set(index: number, value: Output): void;
    fromJSON(values: Output[]): void;
  }
  export interface CellModel {
    readonly id: string;
    readonly type: string;
    readonly outputs?: Outputs;
    readonly executionState?: string;
    readonly executionCount?: number | null;
    mimeType: string;
    readonly mimeTypeChanged: Signal<unknown>;
    readonly contentChanged: Signal<void>;
    readonly sharedModel: { getSource(): string };
  }
  export interface Cell extends Widget {
    readonly model: CellModel;
  }
  export interface NotebookModel {
    readonly cells: Iterable<CellModel> & { readonly changed: Signal<unknown>; readonly length: number };
    readonly sharedModel: {
      insertCell(index: number, cell: { cell_type: string; source: string; metadata: object }): unknown;
      deleteCell(index: number): void;
      transact(change: () => void): void;
    };
  }
  export interface Notebook extends Widget {
    readonly model: NotebookModel | null;
    readonly modelChanged: Signal<void>;
    readonly codeMimetype: string;
    readonly widgets: readonly Cell[];
    readonly activeCell: Cell | null;
    activeCellIndex: number;
  }
  export interface SessionContext {
    readonly session: { readonly kernel: KernelConnection | null; readonly path: string } | null;
    readonly kernelChanged: Signal<{ newValue: KernelConnection | null }>;
  }
  export interface NotebookPanel extends Widget {
    readonly content: Notebook;
    readonly sessionContext: SessionContext;
    readonly context: { readonly path: string; readonly saveState: Signal<string>; readonly ready: Promise<void> };
    readonly disposed: Signal<void>;
  }
  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: Signal<NotebookPanel | null>;
    readonly widgetAdded: Signal<NotebookPanel>;
    forEach(visit: (panel: NotebookPanel) => void): void;
    find(test: (panel: NotebookPanel) => boolean): NotebookPanel | undefined;
  }
  export const INotebookTracker: Token<INotebookTracker>;
}
