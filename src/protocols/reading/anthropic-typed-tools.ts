/**
 * Tools that the client declares by type alone (`bash_20250124`) and runs itself. The vendor's models know their
 * inputs; models upstream get a description and a schema written here.
 */
import type { JsonObject } from '../../core/json.ts';

export interface TypedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

export interface Display {
  readonly widthPx: number | undefined;
  readonly heightPx: number | undefined;
}

/** undefined if `type` is not a tool that a client runs. */
export function typedTool(type: string, display: Display): TypedTool | undefined {
  const [, family, version = ''] = /^([a-z_]+)_(\d{8})$/.exec(type) ?? [];
  switch (family) {
    case 'bash':
      return BASH;
    case 'text_editor':
      // Until January 2025 the editor had another name and an undo command.
      return version <= '20250124' ? EDITOR_WITH_UNDO : EDITOR;
    case 'memory':
      return MEMORY;
    case 'computer':
      return computer(display);
    default:
      return undefined;
  }
}

const BASH: TypedTool = {
  name: 'bash',
  description:
    'Runs a command in a bash session that persists between calls, and returns its output. Set restart to start a new session.',
  inputSchema: object({
    command: text('The command to run. Required unless restart is true.'),
    restart: { type: 'boolean', description: 'True starts a new session instead of running a command.' },
  }),
};

const EDITOR: TypedTool = {
  name: 'str_replace_based_edit_tool',
  description: 'Views, creates and edits text files, and lists directories.',
  inputSchema: object(
    {
      command: oneOf(['view', 'create', 'str_replace', 'insert']),
      ...editorFields('insert_text'),
    },
    ['command', 'path'],
  ),
};

const EDITOR_WITH_UNDO: TypedTool = {
  name: 'str_replace_editor',
  description: 'Views, creates and edits text files, lists directories, and undoes the last edit of a file.',
  inputSchema: object(
    {
      command: oneOf(['view', 'create', 'str_replace', 'insert', 'undo_edit']),
      ...editorFields('new_str'),
    },
    ['command', 'path'],
  ),
};

const MEMORY: TypedTool = {
  name: 'memory',
  description:
    'Stores notes as files under /memories, which persist across conversations: view, create, edit, delete, rename.',
  inputSchema: object(
    {
      command: oneOf(['view', 'create', 'str_replace', 'insert', 'delete', 'rename']),
      ...editorFields('insert_text'),
      old_path: text('For rename: the current path.'),
      new_path: text('For rename: the new path.'),
    },
    ['command'],
  ),
};

function editorFields(insertedText: 'insert_text' | 'new_str'): JsonObject {
  return {
    path: text('Path of the file or directory.'),
    file_text: text('For create: the whole text of the new file.'),
    old_str: text('For str_replace: the text to replace. It must occur exactly once.'),
    new_str: text(`For str_replace${insertedText === 'new_str' ? ' and insert' : ''}: the new text.`),
    insert_line: { type: 'integer', description: 'For insert: the line after which to insert; 0 is the beginning.' },
    ...(insertedText === 'insert_text' ? { insert_text: text('For insert: the text to insert.') } : {}),
    view_range: {
      type: 'array',
      items: { type: 'integer' },
      description: 'For view: first and last line, counted from 1; -1 as last means the end of the file.',
    },
  };
}

function computer({ widthPx, heightPx }: Display): TypedTool {
  const size = widthPx && heightPx ? ` The display is ${widthPx} by ${heightPx} pixels.` : '';
  return {
    name: 'computer',
    description: `Controls a computer by mouse, keyboard and screenshots.${size} Coordinates are pixels from the top left.`,
    inputSchema: object(
      {
        action: oneOf(COMPUTER_ACTIONS),
        coordinate: pair('Where to point, as [x, y].'),
        start_coordinate: pair('For left_click_drag: where the drag begins, as [x, y].'),
        text: text('For type: what to type. For key and hold_key: the keys, such as ctrl+s.'),
        scroll_direction: oneOf(['up', 'down', 'left', 'right']),
        scroll_amount: { type: 'integer', description: 'How many notches to scroll.' },
        duration: { type: 'number', description: 'For wait and hold_key: seconds.' },
        region: {
          type: 'array',
          items: { type: 'integer' },
          description: 'For zoom: the part of the screen, as [x0, y0, x1, y1].',
        },
      },
      ['action'],
    ),
  };
}

const COMPUTER_ACTIONS = [
  'screenshot',
  'mouse_move',
  'left_click',
  'right_click',
  'middle_click',
  'double_click',
  'triple_click',
  'left_click_drag',
  'left_mouse_down',
  'left_mouse_up',
  'scroll',
  'key',
  'hold_key',
  'type',
  'wait',
  'cursor_position',
  'zoom',
] as const;

function object(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

function text(description: string): JsonObject {
  return { type: 'string', description };
}

function oneOf(values: readonly string[]): JsonObject {
  return { type: 'string', enum: values };
}

function pair(description: string): JsonObject {
  return { type: 'array', items: { type: 'integer' }, description };
}
