import { Button } from '@mantine/core';
import { IconClockEdit } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

import { ApiError } from '@/api/errors';
import { instantOf, localText } from '@/components/localTime';
import { exactTime } from '@/components/RelativeTime';
import { TimeInput } from '@/components/TimeInput';
import { timeSource } from '@/domain/sighting';
import { useCaptureTime } from '@/features/sightings/sightings';

import type { RecordedImage } from './sendPhoto';
import classes from './UploadResult.module.css';

/** When a photo was taken and who says so, to be set right where its clock was wrong. */
export function PhotoTime({ image }: { image: RecordedImage }) {
  const { captured_at, captured_at_source, captured_at_note: note } = image;
  const [isEditing, setIsEditing] = useState(false);
  const changeRef = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !isEditing) changeRef.current?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);
  return (
    <div className={classes.time}>
      {isEditing ? (
        <TimeForm
          image={image}
          onDone={() => {
            setIsEditing(false);
          }}
        />
      ) : (
        <>
          <span>
            Taken {exactTime(captured_at)}{' '}
            <span className={classes.source}>({timeSource(captured_at_source)})</span>
          </span>
          <Button
            ref={changeRef}
            variant="default"
            size="compact-sm"
            leftSection={<IconClockEdit size={15} />}
            onClick={() => {
              setIsEditing(true);
            }}
          >
            Change the time
          </Button>
        </>
      )}
      {note !== null && <p className={classes.note}>{note}</p>}
    </div>
  );
}

function TimeForm({ image, onDone }: { image: RecordedImage; onDone: () => void }) {
  const before = localText(image.captured_at);
  const [text, setText] = useState(before);
  const { mutate, isPending, error } = useCaptureTime(image.sightings.map(({ id }) => id));
  const instant = instantOf(text);
  return (
    <form
      aria-label="Time of the photo"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (instant === null) return;
        if (instant === instantOf(before)) onDone();
        else mutate(instant, { onSuccess: onDone });
      }}
    >
      <TimeInput
        label="Taken"
        // eslint-disable-next-line jsx-a11y/no-autofocus -- the button that opened the form is gone, and the focus with it
        autoFocus
        value={text}
        error={instant === null ? 'Enter the day and the time.' : messageOf(error)}
        onChange={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
      />
      <Button type="submit" loading={isPending} disabled={instant === null}>
        Save
      </Button>
      <Button variant="default" onClick={onDone}>
        Cancel
      </Button>
    </form>
  );
}

function messageOf(error: Error | null): string | null {
  if (error === null) return null;
  const message = error instanceof ApiError ? error.fields['captured_at'] : undefined;
  return message ?? error.message;
}
