import { TextInput, type TextInputProps } from '@mantine/core';

import { browserZone } from './localTime';

/** A field for a time in the reader's own zone, as text that `instantOf` reads. */
export function TimeInput(props: Omit<TextInputProps, 'type' | 'step'>) {
  return (
    <TextInput
      type="datetime-local"
      step={1}
      max="9999-12-31T23:59:59"
      description={`In your time zone, ${browserZone()}`}
      {...props}
    />
  );
}
