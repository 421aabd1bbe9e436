/** The one design language: an indigo accent, neutral greys, semantic colours for states only, dark designed by itself. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eef1fc',
  '#dce2f8',
  '#b9c4f0',
  '#98a7ea',
  '#7d8fe4',
  '#6377d8',
  '#4b5fc9',
  '#3f51b3',
  '#344396',
  '#29357a',
];

/** From text to page. Mantine takes the page from 7, surfaces from 6, borders from 4. */
const dark: MantineColorsTuple = [
  '#e4e7ee',
  '#c3c8d4',
  '#a2a9b8',
  '#7b8394',
  '#363c4a',
  '#2a2f3b',
  '#1d212a',
  '#14171e',
  '#0f1217',
  '#0a0c10',
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  autoContrast: false,
  defaultRadius: 8,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '13px', sm: '14px', md: '16px', lg: '20px', xl: '28px' },
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '20px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' } },
  },
  shadows: { xs: shadow(), sm: shadow(), md: shadow(), lg: shadow(), xl: shadow() },
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false } },
    Modal: { defaultProps: { transitionProps: { duration: 120 } }, styles: { title: { fontWeight: 650 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 } }, styles: { title: { fontWeight: 650 } } },
    // Their <header> would count as a second banner of the page.
    ModalHeader: { defaultProps: { component: 'div' } },
    DrawerHeader: { defaultProps: { component: 'div' } },
    Menu: { defaultProps: { transitionProps: { duration: 80 } } },
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', checkIconPosition: 'right' } },
    Paper: { defaultProps: { withBorder: true, radius: 8 } },
  },
});

/** One level. */
function shadow(): string {
  return '0 1px 2px rgb(16 20 30 / 6%), 0 6px 20px rgb(16 20 30 / 10%)';
}

/** Text in the softer grey still has a contrast of 4.5 on every surface. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f7f8fa',
    '--mantine-color-text': '#1b1f29',
    '--mantine-color-dimmed': '#5a6274',
    '--mantine-color-placeholder': '#6a7284',
    '--mantine-color-default-border': '#dfe2e9',
    '--mantine-color-anchor': '#3f51b3',
    '--surface': '#ffffff',
    '--surface-sunken': '#f1f3f6',
    '--line': '#e4e7ed',
    '--good': '#17713f',
    '--warn': '#8a5300',
    '--bad': '#b3261e',
    '--good-soft': '#e3f4ea',
    '--warn-soft': '#fdf0d9',
    '--bad-soft': '#fdeaea',
    '--neutral-soft': '#eceff4',
    '--accent-soft': '#e9ecfb',
    '--accent-text': '#3f51b3',
  },
  dark: {
    '--mantine-color-body': '#14171e',
    '--mantine-color-text': '#e4e7ee',
    '--mantine-color-dimmed': '#a2a9b8',
    '--mantine-color-placeholder': '#8f97a8',
    '--mantine-color-default-border': '#363c4a',
    '--mantine-color-anchor': '#98a7ea',
    '--surface': '#1d212a',
    '--surface-sunken': '#181c24',
    '--line': '#2a2f3b',
    '--good': '#74d19c',
    '--warn': '#f0b95c',
    '--bad': '#ff9189',
    '--good-soft': '#173526',
    '--warn-soft': '#3a2c12',
    '--bad-soft': '#43201f',
    '--neutral-soft': '#2a2f3b',
    '--accent-soft': '#272e4d',
    '--accent-text': '#b9c4f0',
  },
});
