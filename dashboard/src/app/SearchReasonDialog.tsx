import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';

import { MAX_LENGTHS } from '@/api/limits';
import { askReasonsWith } from '@/api/searchReason';

/** Asks why plates are searched, whenever the server wants to know. */
export function SearchReasonDialog() {
  const [answer, setAnswer] = useState<((reason: string | null) => void) | null>(null);
  const [text, setText] = useState('');
  useEffect(
    () =>
      askReasonsWith(
        () =>
          new Promise((resolve) => {
            setAnswer(() => resolve);
          }),
      ),
    [],
  );
  const close = (reason: string | null): void => {
    answer?.(reason);
    setAnswer(null);
  };
  return (
    <Modal
      opened={answer !== null}
      onClose={() => {
        close(null);
      }}
      title="Why do you search?"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') close(text.trim());
        }}
      >
        <Stack gap="md">
          <Text size="sm">
            This server keeps the reason of every search for a plate in its audit log. Yours counts
            until you reload this page or log out.
          </Text>
          <TextInput
            label="Reason"
            placeholder="lost ticket, row 4"
            maxLength={MAX_LENGTHS.search.reason}
            data-autofocus
            value={text}
            onChange={({ currentTarget }) => {
              setText(currentTarget.value);
            }}
          />
          <Group justify="flex-end">
            <Button type="submit" disabled={text.trim() === ''}>
              Search
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
