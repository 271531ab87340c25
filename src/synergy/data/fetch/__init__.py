"""Fetching published data sets from the Hugging Face hub: which there are, their files, checked and unpacked."""
