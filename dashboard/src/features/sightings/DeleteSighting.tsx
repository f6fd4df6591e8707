import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconAlertCircle, IconTrash } from '@tabler/icons-react';

import { type Sighting, shownPlate } from '@/domain/sighting';

import { useDeletion } from './sightings';

interface DeleteSightingProps {
  sighting: Sighting;
  onDeleted: () => void;
}

/** Deletes a sighting once the user has confirmed it. */
export function DeleteSighting({ sighting, onDeleted }: DeleteSightingProps) {
  const [isAsking, asking] = useDisclosure(false);
  const { mutateAsync, isPending, error, reset } = useDeletion(sighting.id);
  const plate = shownPlate(sighting);
  const confirm = (): void => {
    // As a promise: with the sighting this button goes too, and the callbacks of `mutate` with it.
    mutateAsync().then(
      () => {
        notifications.show({ message: `The sighting of ${plate} is deleted.` });
        onDeleted();
      },
      () => undefined,
    );
  };
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconTrash size={17} />}
        onClick={() => {
          reset();
          asking.open();
        }}
      >
        Delete
      </Button>
      <Modal
        opened={isAsking}
        onClose={asking.close}
        title={`Delete the sighting of ${plate}?`}
        closeButtonProps={{ 'aria-label': 'Close' }}
        centered
      >
        <Stack gap="md">
          <Text size="sm">
            Its history goes with it, and its photo unless another sighting has the same one. This
            can’t be undone; the audit log notes that you did it.
          </Text>
          {error !== null && (
            <Alert color="red" variant="outline" icon={<IconAlertCircle />} role="alert">
              {error.message}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={asking.close}>
              Keep
            </Button>
            <Button color="red" loading={isPending} onClick={confirm}>
              Delete
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
