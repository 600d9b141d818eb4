-- What an account may do at most in a short time.

-- By the fields of rating/guards.py; what is not in it is as the profile has it, null: off.
ALTER TABLE account ADD COLUMN guards jsonb NOT NULL DEFAULT '{}';
