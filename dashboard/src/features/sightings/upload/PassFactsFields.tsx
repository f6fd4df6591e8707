import { Button, Collapse, Input, SegmentedControl, TextInput } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useId, useState } from 'react';

import { DIRECTION_WORDS, DIRECTIONS } from '../facts';
import classes from './PassFactsFields.module.css';
import type { PassFacts } from './sendPhoto';

interface PassFactsFieldsProps {
  facts: PassFacts;
  onChange: (facts: PassFacts) => void;
}

/** Camera, location and direction of the photos sent from now on; folded away until wanted. */
export function PassFactsFields({ facts, onChange }: PassFactsFieldsProps) {
  const [isOpen, setIsOpen] = useState(false);
  const panelId = useId();
  const directionId = useId();
  return (
    <div>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        className={classes.toggle ?? ''}
        aria-expanded={isOpen}
        aria-controls={panelId}
        rightSection={<IconChevronDown size={15} className={classes.chevron} />}
        onClick={() => {
          setIsOpen(!isOpen);
        }}
      >
        Camera, location and direction
      </Button>
      <Collapse expanded={isOpen} id={panelId}>
        <div className={classes.fields}>
          <TextInput
            label="Camera"
            placeholder="Gate north"
            maxLength={150}
            value={facts.camera}
            onChange={({ currentTarget }) => {
              onChange({ ...facts, camera: currentTarget.value });
            }}
          />
          <TextInput
            label="Location"
            placeholder="Main car park"
            maxLength={150}
            value={facts.location}
            onChange={({ currentTarget }) => {
              onChange({ ...facts, location: currentTarget.value });
            }}
          />
          <div>
            <Input.Label component="div" id={directionId}>
              Direction
            </Input.Label>
            <SegmentedControl
              fullWidth
              aria-labelledby={directionId}
              data={DIRECTIONS.map((value) => ({ value, label: DIRECTION_WORDS[value] }))}
              value={facts.direction}
              onChange={(value) => {
                onChange({ ...facts, direction: value });
              }}
            />
          </div>
        </div>
        <p className={classes.note}>They go with every photo that you add from now on.</p>
      </Collapse>
    </div>
  );
}
