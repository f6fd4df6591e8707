import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const asphalt: MantineColorsTuple = [
  '#f4f5f6',
  '#e6e8ea',
  '#ccd1d6',
  '#b1b9c1',
  '#8e99a4',
  '#6c7885',
  '#4f5b67',
  '#36414c',
  '#222b34',
  '#171c22',
];

const night: MantineColorsTuple = [
  '#d5dade',
  '#b4bdc4',
  '#9aa5ae',
  '#7d8892',
  '#46515b',
  '#323c45',
  '#222a31',
  '#191f25',
  '#12171c',
  '#0c0f12',
];

export const theme = createTheme({
  fontFamily: 'var(--pw-font-text)',
  fontFamilyMonospace: 'var(--pw-font-plate)',
  headings: { fontFamily: 'var(--pw-font-text)', fontWeight: '600' },
  colors: { asphalt, dark: night },
  primaryColor: 'asphalt',
  primaryShade: { light: 8, dark: 6 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontSizes: { xs: '13px', sm: '14.5px', md: '16px', lg: '18px', xl: '21px' },
});

/** Mantine's own surfaces in the dashboard's colors. */
export const cssVariables: CSSVariablesResolver = () => {
  const surfaces = {
    '--mantine-color-body': 'var(--pw-surface)',
    '--mantine-color-text': 'var(--pw-ink)',
    '--mantine-color-dimmed': 'var(--pw-muted)',
    '--mantine-color-default': 'var(--pw-surface)',
    '--mantine-color-default-hover': 'var(--pw-sunken)',
    '--mantine-color-default-border': 'var(--pw-line)',
    '--mantine-color-error': 'var(--pw-guess)',
  };
  return { variables: {}, light: surfaces, dark: surfaces };
};
