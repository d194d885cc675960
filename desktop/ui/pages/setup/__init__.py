"""What this computer has and lacks, from the first run on."""
