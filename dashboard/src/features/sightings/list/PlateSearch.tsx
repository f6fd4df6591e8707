import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';

const PAUSE_MS = 300;

interface PlateSearchProps {
  plate: string;
  onSearch: (plate: string) => void;
}

/** A field for a plate or a piece of a plate; it searches once the typing pauses. */
export function PlateSearch({ plate, onSearch }: PlateSearchProps) {
  const [text, setText] = useState(plate);
  const searchSoon = useDebouncedCallback(onSearch, PAUSE_MS);
  const change = (value: string): void => {
    setText(value);
    searchSoon(value.trim().toUpperCase());
  };
  return (
    <TextInput
      type="search"
      aria-label="Find a plate"
      placeholder="Find a plate"
      leftSection={<IconSearch size={17} />}
      rightSection={
        text === '' ? null : (
          <CloseButton
            aria-label="Clear the search"
            onClick={() => {
              change('');
            }}
          />
        )
      }
      autoComplete="off"
      autoCapitalize="characters"
      spellCheck={false}
      value={text}
      onChange={({ currentTarget }) => {
        change(currentTarget.value);
      }}
    />
  );
}
