"""Pseudo reasoning paths (2504.11468): is what stands between question and answer reasoning, or its imitation?"""
